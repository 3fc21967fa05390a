"""A file in, a checked facts table out: one module per kind of file, imported here so that it registers itself.

The order of import is the order in which they are asked.
"""

from finmodel.loaders import xbrl, page_lines, companyfacts, datasets, archives, tables, html, pdf, text  # noqa: F401, I001
from finmodel.loaders.base import Loader, load, loaders, slug

__all__ = ["Loader", "load", "loaders", "slug"]
