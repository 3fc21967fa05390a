"""``python -m finmodel`` is the ``finmodel`` command."""

from finmodel.cli import main

main()
