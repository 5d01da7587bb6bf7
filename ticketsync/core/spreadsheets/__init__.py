"""
Tables as files have them: delimited text, workbooks, tables of web pages.
"""
