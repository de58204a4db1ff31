"""Training on a background thread, and what it leaves behind."""
