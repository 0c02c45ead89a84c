"""Why a figure or a table is absent, in Spanish."""

from collections.abc import Mapping

__all__ = ["SENTENCES"]

SENTENCES: Mapping[str, str] = {
    "needs_facility": "faltan las condiciones de una línea en config/facilities/",
    "facility_none_yet": (
        "faltan las condiciones de una línea en config/facilities/: ninguna está vigente el "
        "{day}, la primera es del {first}"
    ),
    "all_eligible": "todos los préstamos son elegibles",
    "none_eligible": "ningún préstamo es elegible",
    "no_concentration": "ninguna línea limita la concentración",
    "no_covenant": "ninguna línea tiene un covenant vigente",
    "no_financial_covenant": "ninguna línea tiene un covenant financiero vigente",
    "no_payments": "ninguna línea tiene calendario de pagos",
    "no_obligation": "ninguna línea exige informes",
    "no_pool": "no hay préstamos en la cartera cedida",
    "full_months": "faltan {least} meses completos de transiciones; la cartera tiene {months}",
    "full_month": (
        "falta un mes completo que haya empezado con saldo; la cartera aún no tiene ninguno"
    ),
    "one_export": "falta una exportación anterior: solo ha llegado una",
    "export_reaching": (
        "falta una exportación anterior que llegue al {day}: {batch} termina el {ends}"
    ),
    "one_date": "falta una fecha de corte: compara dos exportaciones en un solo día",
    "no_file": "{file} no está en este espacio de trabajo",
    "no_rate": (
        "{facility} está en {currency} y no hay tipo de cambio a {reporting}: agregue uno a "
        "currency.rates en config/factory.yaml"
    ),
    "pool_unread": "la cartera cedida de {facility} no se leyó al {day}",
    "cash_needed": "falta el efectivo del {day} en {place}",
    "cash_after_data": (
        "falta el efectivo del {day} en {place}: el más reciente es del {newest}, después "
        "del último día de datos"
    ),
    "cash_after": (
        "falta el efectivo del {day} en {place}: el más reciente es del {newest}, después de "
        "ese día"
    ),
    "cash_before": (
        "falta el efectivo del {day} en {place}: el más reciente es del {newest}, antes de ese día"
    ),
    "cash_too_old": (
        "falta el efectivo del {day} en {place}: el más reciente es del {newest}, antes de "
        "ese día, y se permiten {days} días"
    ),
    "none_drawn": "no hay nada girado",
    "pool_empty": "la cartera cedida está vacía",
    "none_committed": "no hay nada comprometido",
    "of_dust": "sería un porcentaje de menos de una unidad de dinero",
    "kpi_not_computed": "el indicador no se calculó",
    "not_in_force": "{facility} no está vigente el {day}",
    "needs_statements": "faltan los estados financieros",
    "statements_none_by": "faltan los estados financieros: ninguno termina a más tardar el {day}",
    "statements_last": "faltan los estados financieros: el último termina el {day}",
    "opening_statement": (
        "falta el estado financiero del período que termina el {day} para los préstamos iniciales"
    ),
    "opening_currency": "los préstamos iniciales están en {before}, el período en {now}",
    "no_loans": "no había préstamos",
    "loans_of_dust": "los préstamos brutos promedio eran menos de una unidad de dinero",
    "no_equity": "el patrimonio está agotado",
    "no_service": "no se pagó nada a los acreedores en el período",
    "no_loss": "no se pierde efectivo: el período no tuvo pérdida antes de provisiones",
    "rolls_need_month": "las tasas de transición requieren un mes completo",
    "no_balance_in": "no había saldo en `{state}` en los cierres de las transiciones",
    "none_outstanding": "no quedaría saldo vigente",
    "trend_needs": "una tendencia requiere {fewest} cifras anteriores, se conocen {known}",
    "nothing_to_measure": "la cartera no tiene préstamos que medir aquí",
    "nothing_known": "no se conoce nada que medir",
    "nothing_to_divide_by": "el total es {which}: no hay entre qué dividir",
    "by_zero": "la fórmula divide entre 0",
    "no_flows": "no se movió dinero",
    "one_way": "el dinero se movió en un solo sentido",
    "no_yield": "ningún crecimiento anual entre 0.000001 y 10,000 anula los flujos",
    "several_yields": "más de un rendimiento anula los flujos",
    "yield_unverified": "el rendimiento hallado no anula los flujos",
    "lent_dust": "se prestó menos de una unidad de dinero",
    "being_repaid": "aún se está pagando",
    "formula_borrowing_base_surplus": "elegible neto x tasa de adelanto + efectivo - girado",
    "formula_collateralisation": "(elegible neto + efectivo) / girado x 100",
    "formula_eligible_share": "elegible / cartera cedida x 100",
    "formula_excess_concentration": "suma de lo que excede los límites de concentración",
    "formula_excess_share": "concentración excedente / elegible x 100",
    "formula_utilisation": "girado / compromiso x 100",
    "formula_nim": (
        "(ingresos por intereses - gastos por intereses) x 12 / meses / préstamos brutos "
        "promedio x 100"
    ),
    "formula_cost_of_risk": "gasto por provisiones x 12 / meses / préstamos brutos promedio x 100",
    "formula_debt_to_equity": "deuda total / patrimonio",
    "formula_dscr": "(utilidad neta + gastos por intereses) / servicio de la deuda",
    "export_behind": (
        "la exportación que llegó el {came} debía hablar del {day} y termina el {ends}"
    ),
    "export_missing": (
        "no ha llegado al {deadline} ninguna exportación que hable del {day}; la más reciente "
        "termina el {ends}"
    ),
    "export_came": "la exportación llegó; datos hasta el {day}",
    "export_overdue": (
        "la exportación del {day} se esperaba antes del {deadline} UTC; la última termina el {ends}"
    ),
    "unanswered": "nadie lo ha confirmado en {minutes} minutos",
    "answer_expired": "venció la confirmación de {name}",
    "moved_by": "lo movió, en puntos: {parts}",
    "late_waiting": (
        "{alert} no tiene acuse de recibo externo desde que llegó su exportación el {moment}, "
        "hace más de {limit} s"
    ),
    "late_received": (
        "{channel} recibió {alert} {seconds} s después de que llegó su exportación, {over} s más "
        "que el límite de {limit} s"
    ),
    "late_others": "más alertas llegaron tarde: {count}",
    "late_none": "todas las alertas se recibieron a menos de {limit} s de la llegada",
    "late_over": "ya no está abierta ninguna alerta que llegó tarde",
    "formula_runway_months": "efectivo x meses / (- utilidad neta - gasto por provisiones)",
}
"""Name -> the sentence; what stands in braces is filled in, and read back from a sentence."""
