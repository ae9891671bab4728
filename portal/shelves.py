"""The categories of the knowledge base as readers see them: only those on which something lies for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.urls import reverse

from tickets.articles import Reader
from tickets.models import Article, Category, CategoryName


@dataclass
class Shelf:
    """A category in the reader's language; `count` includes what lies on the shelves under it."""

    pk: int
    slug: str
    name: str
    description: str
    parent: Shelf | None = None
    children: list[Shelf] = field(default_factory=list)
    count: int = 0

    @property
    def url(self) -> str:
        return reverse("portal:kb_category", args=[self.slug])

    @property
    def path(self) -> list[Shelf]:
        """From the top down to this one."""
        return [*(self.parent.path if self.parent else []), self]


def shelves(user: Reader, language: str) -> dict[str, Shelf]:
    """Slug -> shelf, in the order of the tree, without the empty ones; three queries however many there are."""
    rows = list(Category.objects.all())
    names = {name.category_id: name for name in CategoryName.objects.filter(language__in=_near(language))}
    found = {row.pk: _shelf(row, names.get(row.pk)) for row in rows}
    for row in rows:
        if row.parent_id in found:
            found[row.pk].parent = found[row.parent_id]
            found[row.parent_id].children.append(found[row.pk])
    readable = Article.objects.visible_to(user).published()
    _fill(found, Counter(readable.order_by().values_list("category", flat=True)))
    for shelf in found.values():
        shelf.children = [child for child in shelf.children if child.count]
    return {shelf.slug: shelf for shelf in found.values() if shelf.count}


def _near(language: str) -> tuple[str, ...]:
    return (language.partition("-")[0], language)


def _shelf(row: Category, name: CategoryName | None) -> Shelf:
    return Shelf(row.pk, row.slug, name.name if name else row.name, name.description if name else row.description)


def _fill(found: dict[int, Shelf], counts: Counter[int]) -> None:
    for pk, count in counts.items():
        shelf: Shelf | None = found[pk]
        while shelf:
            shelf.count += count
            shelf = shelf.parent
