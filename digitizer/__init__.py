"""Scanned civil-status books and dossier attachments in; searchable PDFs, checked records and receipts out."""

__version__ = "0.1.0"
