"""GoogleSQL's own analyser and reference executor, run offline on tables given as values."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from portability_table import Table
from portability_wasm import Refused, WasmService
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2 as analysis
from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2 as catalogs
from zetasql.wasi._pb2.zetasql.public import options_pb2 as options
from zetasql.wasi._pb2.zetasql.public import type_pb2 as types
from zetasql.wasi._pb2.zetasql.public import value_pb2 as values

__all__ = ["ReferenceEngine", "Refused"]

# What BigQuery has, of what a model could want. Left out on purpose, so that it is refused here:
# arithmetic on dates, intervals, FILTER in aggregates, GROUP BY ALL, lateral references, PIVOT.
_FEATURES = (
    "ANALYTIC_FUNCTIONS",
    "BIGNUMERIC_TYPE",
    "CIVIL_TIME",
    "DISALLOW_GROUP_BY_FLOAT",
    "GROUPING_BUILTIN",
    "GROUPING_SETS",
    "GROUP_BY_ROLLUP",
    "IS_DISTINCT",
    "NULLS_FIRST_LAST_IN_ORDER_BY",
    "NUMERIC_TYPE",
    "ROUND_WITH_ROUNDING_MODE",
)
_EPOCH = date(1970, 1, 1)
_SCALE = {"NUMERIC": 9, "BIGNUMERIC": 38}
# A BIGNUMERIC has up to 77 digits; the usual context would round at 28.
_EXACT = Context(prec=80)


class ReferenceEngine:
    """Runs one GoogleSQL query over tables given as values."""

    def __init__(self, cache: Path) -> None:
        """Load the engine, with BigQuery's product mode and the features listed above."""
        self._service = WasmService(cache)
        self._options = analysis.AnalyzerOptionsProto()
        language = self._options.language_options
        language.product_mode = options.PRODUCT_EXTERNAL
        language.name_resolution_mode = options.NAME_RESOLUTION_DEFAULT
        language.enabled_language_features.extend(
            options.LanguageFeature.Value(f"FEATURE_{name}") for name in _FEATURES
        )

    def run(self, sql: str, tables: Mapping[str, Table]) -> Table:
        """Analyse the query against the tables, then execute it.

        Raises:
            Refused: it does not resolve, or stops while it runs.
        """
        request = service.PrepareQueryRequest(sql=sql, options=self._options)
        catalog = request.simple_catalog
        catalog.builtin_function_options.language_options.CopyFrom(self._options.language_options)
        for name, table in tables.items():
            _describe(catalog, name, table)
            _fill(request.table_content[name], table)
        answer = self._service.ask("PrepareQuery", request, service.PrepareQueryResponse)
        prepared = answer.prepared
        asked = service.EvaluateQueryRequest(prepared_query_id=prepared.prepared_query_id)
        try:
            got = self._service.ask("EvaluateQuery", asked, service.EvaluateQueryResponse)
        finally:
            done = service.UnprepareQueryRequest(prepared_query_id=prepared.prepared_query_id)
            self._service.ask("UnprepareQuery", done, empty_pb2.Empty)
        columns = tuple((one.name, _kind(one.type)) for one in prepared.columns)
        readers = [_CELLS[kind] for _, kind in columns]
        rows = tuple(
            tuple(_read(cell, *how) for cell, how in zip(row.cell, readers, strict=True))
            for row in got.content.table_data.row
        )
        return Table(columns, rows)


def _describe(catalog: catalogs.SimpleCatalogProto, name: str, table: Table) -> None:
    described = catalog.table.add(name=name)
    for column, kind in table.columns:
        described.column.add(name=column).type.type_kind = types.TypeKind.Value(f"TYPE_{kind}")


def _kind(described: types.TypeProto) -> str:
    return types.TypeKind.Name(described.type_kind).removeprefix("TYPE_")


def _fill(content: service.TableContent, table: Table) -> None:
    writers = [_CELLS[kind] for _, kind in table.columns]
    for row in table.rows:
        cells = content.table_data.row.add().cell
        for cell, (field, write, _) in zip(row, writers, strict=True):
            written = cells.add()
            if cell is not None:
                setattr(written, field, write(cell))


def _read(
    cell: values.ValueProto, field: str, _: Callable[[Any], Any], read: Callable[[Any], Any]
) -> Any:  # noqa: ANN401 - a cell may be anything SQL returns
    return read(getattr(cell, field)) if cell.HasField(field) else None


def _scaled(kind: str) -> Callable[[Decimal], bytes]:
    """Write a decimal as GoogleSQL keeps it: a little-endian count of its last digit's units."""

    def write(number: Decimal) -> bytes:
        units = int(number.scaleb(_SCALE[kind], _EXACT))
        return units.to_bytes(units.bit_length() // 8 + 1, "little", signed=True)

    return write


def _unscaled(kind: str) -> Callable[[bytes], Decimal]:
    def read(units: bytes) -> Decimal:
        return Decimal(int.from_bytes(units, "little", signed=True)).scaleb(-_SCALE[kind], _EXACT)

    return read


def _same(cell: Any) -> Any:  # noqa: ANN401
    return cell


# Type -> the cell's field, how to write it, how to read it.
_CELLS: Mapping[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "BIGNUMERIC": ("bignumeric_value", _scaled("BIGNUMERIC"), _unscaled("BIGNUMERIC")),
    "BOOL": ("bool_value", _same, _same),
    "DATE": (
        "date_value",
        lambda day: (day - _EPOCH).days,
        lambda days: _EPOCH + timedelta(days=days),
    ),
    "DOUBLE": ("double_value", _same, _same),
    "INT64": ("int64_value", _same, _same),
    "NUMERIC": ("numeric_value", _scaled("NUMERIC"), _unscaled("NUMERIC")),
    "STRING": ("string_value", _same, _same),
}
