"""Turns scanned civil-status books and dossier attachments into searchable PDFs, checked records and receipts."""

__version__ = "0.1.0"
