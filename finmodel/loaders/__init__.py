"""A file in, a checked facts table out: one module per kind of file, imported here so that it registers itself."""

from finmodel.loaders import html as html
from finmodel.loaders import pdf as pdf
from finmodel.loaders import text as text
from finmodel.loaders.base import Loader, load, loaders, slug

__all__ = ["Loader", "load", "loaders", "slug"]
