"""What works on mattone and is no part of it: checks of the sources, the stages of the tests, measurements."""
