"""
PDFs read back by another program.
"""

import subprocess

from support import needs


def pdf_text(file, how="-layout"):
    """
    The text of a PDF as poppler reads it; a test goes no further without it.
    """
    needs.skip_without("pdftotext")
    return subprocess.run(
        ["pdftotext", how, str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
