"""
The main job: read what changed on the platforms and bring the figures up to date.

`run` goes over the accounts (`accounts_in_parallel`), `account` over the steps of one,
`orders` over its pages: each is fetched, parsed (`parse`, pure) and saved (`save_page`,
one transaction). `plan` decides what to read, `missing_orders` and `cross_checks` say
what is not believed.

Nothing is imported here: the second process that parses needs `parse` alone.
"""
