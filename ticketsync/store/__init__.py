"""
Tables, engine, upsert, lease, migrations, and the rules that SQL views and domain
packages share: what counts (`counted`), how an account is doing
(`account_health_rules`).
"""
