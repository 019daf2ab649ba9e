import sys

from reve_core.cli import main

sys.exit(main())
