"""Looks at everything that a workspace needs, and says what is wrong and what to do next."""

from fintech_factory.app.doctor.area import Area, all_areas
from fintech_factory.app.doctor.diagnosis import Diagnosis, Grade, Unseen
from fintech_factory.app.doctor.examine import Doctor
from fintech_factory.app.doctor.ground import Ground
from fintech_factory.app.doctor.report import Report

__all__ = ["Area", "Diagnosis", "Doctor", "Grade", "Ground", "Report", "Unseen", "all_areas"]
