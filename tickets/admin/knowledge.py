from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tickets.admin.base import DeskModelAdmin
from tickets.models import Category, CategoryName


class CategoryNameInline(admin.TabularInline):
    model = CategoryName
    extra = 0


@admin.register(Category)
class CategoryAdmin(DeskModelAdmin):
    list_display = ("name", "parent", "position", "article_count")
    list_editable = ("position",)
    list_select_related = ("parent",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("parent",)
    inlines = (CategoryNameInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(article_total=Count("articles"))

    @admin.display(description=_("articles"))
    def article_count(self, category: Category) -> int:
        return category.article_total  # type: ignore[attr-defined]
