"""
The forms of pages, as a browser sends them.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

# What a person types into fields that are empty, by their names.
TYPED = {
    "place": "Auckland",
    "currency": "NZD",
    "key": "sk_typed_but_wrong_0815",
    "evening": "",
}


@dataclass
class Form:
    """
    Where a form is sent to, and its fields as a page has them, filled in.
    """

    path: str
    fields: dict = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.form, self.choice = [], None, None

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            is_sent = found.get("method") == "post"
            self.form = Form(found.get("action", "")) if is_sent else None
            if self.form:
                self.forms.append(self.form)
        if self.form is None:
            return
        name = found.get("name")
        if tag == "input" and name:
            self._input(name, found)
        if tag == "textarea" and name:
            self.form.fields[name] = TYPED.get(name, "x")
        if tag == "select":
            self.choice = name
        is_first = self.choice not in self.form.fields
        if tag == "option" and self.choice and (is_first or "selected" in found):
            self.form.fields[self.choice] = found.get("value", "")
        if tag == "button" and (name or "formaction" in found):
            fields = {**self.form.fields, **({name: found["value"]} if name else {})}
            self.forms.append(Form(found.get("formaction", self.form.path), fields))

    def _input(self, name, found):
        if found.get("type") in ("checkbox", "radio"):
            if "checked" in found:
                self.form.fields[name] = found.get("value", "on")
        elif found.get("type") != "file":
            given = found.get("value")
            self.form.fields[name] = given or TYPED.get(name, "x")

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        if tag == "select":
            self.choice = None


def forms_of(html):
    """
    The forms of a page that change something, one more for each button with a name.
    """
    reader = _Reader()
    reader.feed(html)
    return reader.forms
