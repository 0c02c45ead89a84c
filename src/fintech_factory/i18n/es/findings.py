"""What the findings of runs and of the clock mean, in Spanish, by their code."""

from collections.abc import Mapping

__all__ = ["FINDINGS"]

FINDINGS: Mapping[str, str] = {
    "accuracy_imperfect": "el recálculo mensual no coincide con las lecturas publicadas",
    "accuracy_overdue": "las lecturas publicadas no se recalcularon a tiempo",
    "column_absent": "a la exportación le faltan columnas que el contrato conoce",
    "column_added": "la exportación trae una columna que la anterior no traía",
    "column_gone": "falta una columna que tenía la última exportación buena",
    "column_order_changed": "las columnas vienen en otro orden",
    "control_total_open": "una cifra declarada difiere de los datos en más que su tolerancia",
    "control_total_uncounted": "una cifra declarada no se pudo comparar con nada",
    "distribution_drift": (
        "la mora, los saldos, los plazos o las tasas se reparten de otra manera que en los cierres"
        " de mes anteriores"
    ),
    "engines_disagree": "los dos motores no coinciden en lecturas, que se retienen",
    "export_behind": "llegó una exportación que termina antes del día del que debía hablar",
    "export_missing": "no ha llegado la exportación que se esperaba a esta hora",
    "export_refused": "la última exportación no era apta y se rechazó",
    "format_changed": "las fechas o los números de una columna se escriben de otra manera",
    "header_changed": "una columna tiene otro encabezado",
    "kpi_drift": "un indicador cambió de un día a otro más de lo que sus cambios hacían esperar",
    "kpi_step": "un indicador cambió de un mes a otro más de lo que sus cambios hacían esperar",
    "kpi_two_sigma": "un indicador se aleja de la media de sus últimos días",
    "landed_sum_changed": "una columna recibida ya no suma lo que sumaba cuando llegó",
    "model_incomplete": "un modelo no contiene todo lo que se recibió",
    "raw_file_changed": "un archivo recibido falta, o no es el que era cuando llegó",
    "roll_forward_open": (
        "el saldo inicial más lo desembolsado menos el capital pagado no da el saldo final"
    ),
    "rows_lost": "las filas aceptadas y apartadas no son las filas recibidas",
    "source_figures_open": "nuestras cifras difieren de las del origen",
    "sub_ledger_open": "los préstamos, sumados uno por uno, no dan el saldo del libro",
    "table_gone": "falta una tabla que tenía la última exportación buena",
    "type_changed": "una columna se lee como otro tipo que en la última exportación",
    "volume_drift": "las filas o las sumas de una tabla están fuera de lo común",
    "volume_halved": "una tabla tiene menos de la mitad de las filas de la última exportación",
}
