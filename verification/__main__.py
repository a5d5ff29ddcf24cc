"""`python -m verification` is `refnet`."""

from .cli import main

if __name__ == "__main__":
    main()
