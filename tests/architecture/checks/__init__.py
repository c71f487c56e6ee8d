"""One file per agreement; every check takes a source root and returns readable violations, none when all is well."""
