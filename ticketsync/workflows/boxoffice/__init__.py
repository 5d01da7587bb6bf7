"""
The venue's own box office: putting shows on sale, selling, taking back.
"""
