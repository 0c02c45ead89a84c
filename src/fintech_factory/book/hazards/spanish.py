"""The export's columns as a Spanish-speaking system names them."""

__all__ = ["SPANISH"]

SPANISH = {
    "loans": {
        "loan_id": "id_prestamo",
        "customer_id": "id_cliente",
        "disburse_date": "Fecha de Desembolso",
        "maturity_date": "fecha_vencimiento",
        "disburse_principal": "monto_desembolsado",
        "outstanding_balance": "saldo_capital",
        "interest_rate": "Tasa de Interés",
        "term": "plazo",
        "currency": "moneda",
        "company": "empresa",
        "product_type": "tipo_producto",
    },
    "schedules": {
        "loan_id": "id_prestamo",
        "date_due": "fecha_vencimiento",
        "principal": "capital",
        "interest": "interes",
        "other": "otros",
        "fees": "comisiones",
        "to_tax": "impuestos",
        "currency": "moneda",
    },
    "transactions": {
        "loan_id": "id_prestamo",
        "transaction_type": "tipo_transaccion",
        "date_paid": "fecha_pago",
        "principal": "capital",
        "interest": "interes",
        "other": "otros",
        "fees": "comisiones",
        "to_tax": "impuestos",
        "currency": "moneda",
    },
    "customers": {
        "customer_id": "id_cliente",
        "customer_type": "tipo_cliente",
        "currency": "moneda",
    },
}
