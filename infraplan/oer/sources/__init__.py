"""Lists, catalogs and standards as their owners write them."""
