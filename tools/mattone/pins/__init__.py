"""Version ranges resolved to exact versions and digests: the lock, and the bundle made from it."""
