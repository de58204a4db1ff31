"""In from and out to other formats."""
