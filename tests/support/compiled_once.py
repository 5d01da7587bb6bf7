"""
What a process compiles or reads once for all of its tests, each of which opens a
database of its own, makes clients and renders pages: statements, templates and the list
of certificates. A quarter of the suite's time.
"""

import functools

from httpx._transports import default as transport
from jinja2 import BytecodeCache, Environment
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from ticketsync.store import engine
from ticketsync.web import site


def install():
    _share_statements()
    site.Environment = functools.partial(Environment, bytecode_cache=Compiled())
    transport.create_ssl_context = functools.cache(transport.create_ssl_context)


def _share_statements():
    """
    What SQLAlchemy compiled for one database is good for all of its kind.
    """
    compiled = LRUCache(5000)
    plain = engine.create_engine

    def sharing(*arguments, **options):
        created = plain(*arguments, **options)
        created._compiled_cache = compiled
        return created

    engine.create_engine = sharing
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)
    DefaultDialect.__hash__ = lambda one: hash(type(one))


class Compiled(BytecodeCache):
    """
    Templates of pages, compiled once.
    """

    def __init__(self):
        self._made = {}

    def load_bytecode(self, bucket):
        if bucket.key in self._made:
            bucket.bytecode_from_string(self._made[bucket.key])

    def dump_bytecode(self, bucket):
        self._made[bucket.key] = bucket.bytecode_to_string()
