// Everything that the official Wix SDK reads of a site's events, as JSON.
//
//     node collect_wix.mjs BASE_URL KEY SITE
//
// The SDK knows one host; its own `fetch` option takes each request to the sandbox.

import { createRequire } from "node:module";

const [base, apiKey, siteId] = process.argv.slice(2);
const require = createRequire(`${process.cwd()}/`);
const { createClient, ApiKeyStrategy } = await import(
  require.resolve("@wix/sdk").replace("/cjs/", "/")
);
const events = require("@wix/auto_sdk_events_wix-events-v-2");
const orders = require("@wix/auto_sdk_events_orders");
const tickets = require("@wix/auto_sdk_events_tickets");
const guests = require("@wix/auto_sdk_events_guests");
const refunds = require("@wix/auto_sdk_payments_refunds");

const client = createClient({
  modules: { events, orders, tickets, guests, refunds },
  auth: ApiKeyStrategy({ apiKey, siteId }),
  fetch: (url, options) => {
    const { host, pathname, search } = new URL(url);
    if (host !== "www.wixapis.com") throw new Error(`asks ${host}`);
    return fetch(base + pathname + search, options);
  },
});

async function walk(first) {
  const rows = [];
  let page = first;
  for (;;) {
    rows.push(...page.items);
    if (!page.hasNext()) return rows;
    page = await page.next();
  }
}

async function byOffset(list, key, options) {
  const rows = [];
  for (;;) {
    const page = await list({ ...options, limit: 60, offset: rows.length });
    rows.push(...page[key]);
    if (rows.length >= page.total || !page[key].length) return rows;
  }
}

console.log(
  JSON.stringify({
    events: await walk(
      await client.events.queryEvents({ fields: ["REGISTRATION"] }).limit(10).find(),
    ),
    orders: await byOffset(client.orders.listOrders, "orders", {
      fieldset: ["DETAILS", "INVOICE", "TICKETS"],
    }),
    tickets: await byOffset(client.tickets.listTickets, "tickets", {
      fieldset: ["TICKET_DETAILS"],
    }),
    guests: await walk(
      await client.guests.queryGuests({ fields: ["GUEST_DETAILS"] }).limit(100).find(),
    ),
    refunds: await walk(await client.refunds.queryRefunds().limit(10).find()),
  }),
);
