"""__main__ — `python -m otp.observer SOCKET`.

OTP:      observer:start()
Way:      a person → [__main__] → cli
"""

import sys

from otp.observer.cli import main

if __name__ == "__main__":
    sys.exit(main())
