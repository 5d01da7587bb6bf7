"""
The cellar: tables, engine, upsert, lease, migrations. Knows no subject matter.
"""
