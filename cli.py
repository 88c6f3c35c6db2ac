"""The door for a checkout: `python cli.py …` is `digitizer …`."""

from digitizer.cli import main

if __name__ == "__main__":
    main()
