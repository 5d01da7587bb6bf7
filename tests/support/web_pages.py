"""
Parts of the pages that a test looks at.
"""


def main_of(response):
    """
    The content of a page, which was found.
    """
    assert response.status_code == 200
    return response.text.partition("<main")[2].partition("</main>")[0]
