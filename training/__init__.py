"""Training and drawing: flat scripts on one drawing kit. The product imports nothing from here."""
