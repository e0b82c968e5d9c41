"""What was done, when, by whom and with which versions: written once, told by trace."""
