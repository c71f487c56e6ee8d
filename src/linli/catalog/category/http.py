"""Console routes of categories."""

from typing import Annotated

from fastapi import Query
from pydantic import Field as Limits

from linli.catalog.category import commands, queries
from linli.catalog.category.model import CategoryValue, Field, Nature, StorageClass
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View

console = Audience("console", "category")
routers = [console.router]

Hours = Annotated[int, Limits(ge=0, le=24 * 365, strict=True)]


class CategoryTerms(Body):
    """What a category says; fresh and daily goods have a usual commission, so that it may be left out."""

    name: Short
    nature: Nature = Nature.OTHER
    storage_class: StorageClass = StorageClass.AMBIENT
    commission_bp: Annotated[int, Limits(ge=0, le=5_000, strict=True, description="basis points")] | None = None
    quality_window_hours: Hours = 24
    order_window_hours: Hours = 12
    required_fields: Annotated[list[Field], Limits(max_length=len(Field), default_factory=list)]


class NewCategory(CategoryTerms):
    """A category to be made below another one, or at the top."""

    parent_id: PublicId | None = None


class Place(Body):
    """Where a category hangs: below another one, or at the top."""

    parent_id: PublicId | None


class CategoryView(View):
    """A category as the console shows it."""

    id: PublicId
    parent_id: PublicId | None
    name: str
    nature: Nature
    storage_class: StorageClass
    commission_bp: int
    quality_window_hours: int
    order_window_hours: int
    required_fields: list[Field]

    @classmethod
    def of(cls, value: CategoryValue) -> "CategoryView":
        """Return the view of a category."""
        return cls.model_validate({**vars(value), "required_fields": list(value.required_fields)})


class CategoryPage(View):
    """One page of categories."""

    items: list[CategoryView]
    next: PublicId | None


@console.post("/categories", permission="catalog.manage")
async def add_category(body: NewCategory, call: CallOf) -> CategoryView:
    async def work(tx: Tx) -> CategoryView:
        return CategoryView.of(await commands.add_category(tx, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.put("/categories/{category_id}", permission="catalog.manage")
async def change_category(category_id: PublicId, body: CategoryTerms, call: CallOf) -> CategoryView:
    async def work(tx: Tx) -> CategoryView:
        changed = await commands.change_category(tx, category_id=category_id, **body.model_dump())
        return CategoryView.of(changed)

    return await call.write(work, region_id=0)


@console.put("/categories/{category_id}/place", permission="catalog.manage")
async def move_category(category_id: PublicId, body: Place, call: CallOf) -> CategoryView:
    async def work(tx: Tx) -> CategoryView:
        moved = await commands.move_category(tx, category_id=category_id, parent_id=body.parent_id)
        return CategoryView.of(moved)

    return await call.write(work, region_id=0)


@console.get("/categories", permission="catalog.manage")
async def list_categories(
    call: CallOf, after: PublicId = 0, limit: Annotated[int, Query(ge=1, le=200)] = 200
) -> CategoryPage:
    async with call.reading(0) as tx:
        found = await queries.categories(tx, after, limit)
    return CategoryPage(
        items=[CategoryView.of(each) for each in found], next=found[-1].id if len(found) == limit else None
    )
