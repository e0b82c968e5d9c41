"""What a user waits for, and what checking costs beside other checkers: `python -m dev.bench`."""
