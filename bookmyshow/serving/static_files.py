"""Static files get names with a hash of their content, so browsers may keep them for a year."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

#: `import … from "./name.js"` as the formatter writes it.
MODULE_IMPORT = r'(?P<matched>from "(?P<url>\.\.?/[^"]+)")'


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Hashed names in the imports of our JavaScript modules too, not only in style sheets.

    Without hashed names a browser could run modules of two releases together. Django has an option
    for this (support_js_module_import_aggregation), but it also reads the files of other packages,
    and fails at one that mentions an import in a comment.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((MODULE_IMPORT, 'from "%(url)s"'),)),
    )
