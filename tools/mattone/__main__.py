"""`python -m mattone`."""

import sys

from mattone.cli import main

sys.exit(main())
