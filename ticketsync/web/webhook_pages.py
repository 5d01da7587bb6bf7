"""
Webhooks of one account on the pages: its address, how it is set up at the platform, the
secret, a test, and deliveries to be processed again.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.accounts import state
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.providers import registry
from ticketsync.reporting import deliveries, sales
from ticketsync.web import connect_pages, notices
from ticketsync.web.connect_pages import chosen_place, form_id
from ticketsync.web.site import PageRequest, Site
from ticketsync.webhooks import inbox
from ticketsync.workflows.webhooks import webhook_endpoints


class WebhookPages:
    """
    The routes about webhooks; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        address = "/accounts/{name}/webhooks"
        changes = (
            (address, self.make_address),
            (f"{address}/secret", self.set_secret),
            (f"{address}/register", self.register),
            (f"{address}/test", self.send_test),
            ("/webhooks/retry", self.retry_all),
            ("/webhooks/{id:int}/retry", self.retry),
            ("/notify/test", self.send_alert),
        )
        return [
            Route(address, for_managers(self.show), methods=["GET"]),
            *(Route(path, for_managers(do), methods=["POST"]) for path, do in changes),
        ]

    def show(self, request: PageRequest) -> Response:
        name = request.path_params["name"]
        with self._site.database.read() as connection:
            account = state.get_usable_account(connection, name)
            endpoints = inbox.list_endpoints(connection, clock.now())
            received = deliveries.list_deliveries(connection, limit=20, account=name)
        kind = registry.provider(account.provider)
        sender = registry.sends_webhooks(account.provider)
        endpoint = next((e for e in endpoints if e.account == name), None)
        settings, setup = self._site.settings, self._site.setup
        url = webhook_endpoints.public_url(settings, endpoint.path) if endpoint else ""
        return self._site.render_page(
            request,
            "account_webhooks.html",
            f"Webhooks of {name}",
            current_path="/accounts",
            notice=notices.text_of(request.query),
            account=account,
            platform=connect_pages.platform_of(kind),
            webhooks=sender.webhooks if sender else None,
            url=url,
            steps=_steps(sender.webhooks.steps if sender else (), url),
            has_secret=bool(endpoint and endpoint.secrets),
            has_public_url=webhook_endpoints.has_public_url(settings),
            can_register=setup is not None and hasattr(kind, "register_webhook"),
            can_test=setup is not None and setup.send_delivery is not None,
            places=self._site.key_places.find() if sender and endpoint else (),
            has_agreed=connect_pages.keeps_key_in_file(account),
            deliveries=received,
        )

    def make_address(self, request: PageRequest) -> Response:
        """
        Raises: `UsageError` if the platform sends no webhooks.
        """
        name = request.path_params["name"]
        sender = webhook_endpoints.get_sender(self._site.database, name)
        webhook_endpoints.create_url(self._site.database, self._site.settings, sender)
        return _back_to(name, notices.ADDRESS_MADE)

    def set_secret(self, request: PageRequest) -> Response:
        """
        Raises: `SecretMissing` if it is empty, `UsageError` for a platform that does
        not sign.
        """
        name = request.path_params["name"]
        text = request.form.get("key", "").strip()
        if not text:
            raise errors.SecretMissing("The secret is empty.", hint="Paste all of it.")
        setup = connect_pages.setup_of(self._site)
        setup.set_webhook_secret(
            name, Secret(text), chosen_place(self._site, request.form)
        )
        return _back_to(name, notices.STORED)

    def register(self, request: PageRequest) -> Response:
        name, place = (
            request.path_params["name"],
            chosen_place(self._site, request.form),
        )
        setup = connect_pages.setup_of(self._site)
        return connect_pages.show(
            setup.register_webhooks(form_id(request.form), name, place)
        )

    def send_test(self, request: PageRequest) -> Response:
        """
        Send ourselves a delivery about the newest order, as the platform would.

        Raises: `UsageError` while the account has no order.
        """
        name = request.path_params["name"]
        with self._site.database.read() as connection:
            state.get_usable_account(connection, name)
            orders = sales.list_sales(connection, account=name, limit=1)
        if not orders:
            raise errors.UsageError(
                "A test is about an order, and there is none yet.", hint="Sync first."
            )
        setup = connect_pages.setup_of(self._site)
        task = setup.send_test_delivery(form_id(request.form), name, orders[0].order_id)
        return connect_pages.show(task)

    def retry(self, request: PageRequest) -> Response:
        return self._retry([int(request.path_params["id"])])

    def retry_all(self, request: PageRequest) -> Response:
        return self._retry(None)

    def send_alert(self, request: PageRequest) -> Response:
        setup = connect_pages.setup_of(self._site)
        return connect_pages.show(setup.send_test_alert(form_id(request.form)))

    def _retry(self, ids: Sequence[int] | None) -> Response:
        with self._site.database.write() as connection:
            count = inbox.retry(connection, ids, clock.now())
        notice = notices.RETRIED if count else notices.NOTHING_CHANGED
        return RedirectResponse(notices.address("/webhooks", notice), 303)


def _steps(steps: Sequence[str], url: str) -> list[str]:
    return [step.format(url=url or "(make it first)") for step in steps]


def _back_to(name: str, notice: str) -> Response:
    return RedirectResponse(notices.address(f"/accounts/{name}/webhooks", notice), 303)
