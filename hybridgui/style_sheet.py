"""The Qt style sheet, written from colour tokens."""

from __future__ import annotations

from typing import Any


def style_sheet(t: Any, arrows: dict[str, str], points: float) -> str:
    """Return the application's style sheet.

    Parameters
    ----------
    t : hybridgui.theme.Tokens
    arrows : paths of the small pictures, by name
    points : float
        Base font size in points.
    """
    small, large, huge = points * 0.9, points * 1.5, points * 2.0
    return f"""
* {{ outline: none; }}
QToolTip {{ background: {t.text}; color: {t.surface}; border: none; padding: 4px 8px; }}
QMainWindow, QDialog, QMessageBox {{ background: {t.window}; }}
QWidget#page, QWidget#centre, QScrollArea#plain, QWidget#plain {{ background: {t.surface}; }}
QScrollArea {{ border: none; background: transparent; }}

QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {large}pt; font-weight: 600; }}
QLabel[role="heading"] {{ font-weight: 600; }}
QLabel[role="muted"], QLabel[role="subtitle"] {{ color: {t.muted}; }}
QLabel[role="small"] {{ color: {t.muted}; font-size: {small}pt; }}
QLabel[role="number"] {{ font-size: {huge}pt; font-weight: 600; }}
QLabel[role="error"] {{ color: {t.danger}; }}
QLabel[role="warning"] {{ color: {t.warning}; }}
QLabel[role="success"] {{ color: {t.success}; }}

QMenuBar {{ background: {t.window}; padding: 2px 8px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.surface}; border: 1px solid {t.border_strong}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
QMenu::item:disabled {{ color: {t.disabled}; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QMenu::right-arrow {{ image: url({arrows["right"]}); width: 16px; height: 16px; }}
QMenu::indicator {{ width: 16px; height: 16px; left: 4px; }}

QPushButton {{
    background: {t.surface}; border: 1px solid {t.border_strong}; border-radius: 6px;
    padding: 5px 14px; min-height: 20px;
}}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.border}; }}
QPushButton:focus {{ border: 1px solid {t.accent}; }}
QPushButton:disabled {{ color: {t.disabled}; background: {t.sunken}; border-color: {t.border}; }}
QPushButton:checked {{ background: {t.accent_soft}; border-color: {t.accent}; }}
QPushButton[primary="true"] {{
    background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600;
}}
QPushButton[primary="true"]:hover {{ background: {t.accent_hover}; }}
QPushButton[primary="true"]:focus {{ border: 1px solid {t.text}; }}
QPushButton[primary="true"]:disabled {{
    background: {t.hover}; color: {t.disabled}; border-color: {t.border};
}}
QPushButton[flat="true"], QToolButton {{
    background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px 8px;
}}
QPushButton[flat="true"]:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton[flat="true"]:focus, QToolButton:focus {{ border: 1px solid {t.accent}; }}
QToolButton:checked {{ background: {t.accent_soft}; border: 1px solid {t.accent}; }}
QToolButton[floating="true"] {{ background: {t.surface}; padding: 2px; border-radius: 4px; }}
QToolButton[floating="true"]:hover {{ background: {t.hover}; }}
QToolButton[floating="true"]:checked {{ background: {t.accent_soft}; }}
QToolButton:disabled {{ color: {t.disabled}; }}
QToolButton::menu-indicator {{ image: url({arrows["down"]}); width: 12px; height: 12px;
    subcontrol-position: right center; subcontrol-origin: padding; right: 2px; }}
QToolButton[popupMode="2"] {{ padding-right: 18px; }}
QToolButton[fold="true"] {{ padding: 4px 8px 4px 0; border: none; font-weight: 600; }}
QToolButton[fold="true"]:hover {{ background: transparent; color: {t.accent}; }}
QToolButton[fold="true"]:focus {{ border: none; color: {t.accent}; }}
QPushButton::menu-indicator {{ image: url({arrows["down"]}); width: 14px; height: 14px;
    subcontrol-position: right center; subcontrol-origin: padding; right: 6px; }}
QPushButton[menu="true"] {{ padding: 5px 28px 5px 14px; }}
QPushButton[link="true"] {{
    background: transparent; border: 1px solid transparent; color: {t.accent}; padding: 2px 0;
    text-align: left; min-height: 16px;
}}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}
QPushButton[link="true"]:focus {{ border: 1px solid {t.accent}; }}
QPushButton[link="true"]:disabled {{ color: {t.disabled}; }}

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {{
    background: {t.surface}; color: {t.text}; border: 1px solid {t.border_strong};
    border-radius: 6px; padding: 4px 8px; selection-background-color: {t.accent};
    selection-color: {t.on_accent};
}}
QLineEdit, QAbstractSpinBox, QComboBox {{ min-height: 20px; }}
QPlainTextEdit:focus, QTextEdit:focus, QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {{
    border: 1px solid {t.accent};
}}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{
    color: {t.disabled}; background: {t.sunken}; border-color: {t.border};
}}
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"] {{ border: 1px solid {t.danger}; }}
QAbstractSpinBox {{ padding-right: 22px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
    subcontrol-origin: border; width: 20px; border: none; background: transparent;
}}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; margin: 2px 2px 0 0; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; margin: 0 2px 2px 0; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{
    background: {t.hover}; border-radius: 3px;
}}
QAbstractSpinBox::up-arrow {{ image: url({arrows["up"]}); width: 12px; height: 12px; }}
QAbstractSpinBox::down-arrow {{ image: url({arrows["down"]}); width: 12px; height: 12px; }}
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off {{
    image: url({arrows["up-off"]});
}}
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off {{
    image: url({arrows["down-off"]});
}}
QComboBox {{ padding-right: 4px; }}
QComboBox::drop-down {{
    subcontrol-origin: padding; subcontrol-position: center right; width: 22px; border: none;
}}
QComboBox::down-arrow {{ image: url({arrows["down"]}); width: 14px; height: 14px; }}
QComboBox::down-arrow:disabled {{ image: url({arrows["down-off"]}); }}
QComboBox QAbstractItemView {{
    background: {t.surface}; border: 1px solid {t.border_strong}; padding: 4px;
    selection-background-color: {t.accent_soft}; selection-color: {t.text};
}}

QCheckBox, QRadioButton {{ spacing: 8px; background: transparent; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 16px; height: 16px; }}
QCheckBox::indicator, QTreeView::indicator, QListView::indicator, QTableView::indicator {{
    border: 1px solid {t.border_strong}; border-radius: 4px; background: {t.surface};
    width: 14px; height: 14px;
}}
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked,
QTableView::indicator:checked {{
    background: {t.accent}; border-color: {t.accent}; image: url({arrows["tick"]});
}}
QCheckBox::indicator:disabled {{ background: {t.sunken}; border-color: {t.border}; }}
QCheckBox:focus, QRadioButton:focus {{ color: {t.accent}; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {t.disabled}; }}
QRadioButton::indicator {{
    border: 1px solid {t.border_strong}; border-radius: 8px; background: {t.surface};
    width: 14px; height: 14px;
}}
QRadioButton::indicator:checked {{
    border: 5px solid {t.accent}; width: 6px; height: 6px; background: {t.on_accent};
}}

QTabWidget::pane {{ border: none; border-top: 1px solid {t.border}; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{
    background: transparent; color: {t.muted}; padding: 8px 4px; margin-right: 20px;
    border: none; border-bottom: 2px solid transparent;
}}
QTabWidget[tight="true"] > QTabBar::tab {{ margin-right: 6px; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.accent}; }}
QTabBar::tab:hover:!selected {{ color: {t.text}; }}
QTabBar::tab:focus {{ color: {t.accent}; }}
QTabBar::tab:disabled {{ color: {t.disabled}; }}
QTabBar::scroller {{ width: 40px; }}
QTabBar QToolButton {{ background: {t.surface}; border: none; padding: 0; }}
QTabBar QToolButton::left-arrow {{ image: url({arrows["left"]}); width: 14px; height: 14px; }}
QTabBar QToolButton::right-arrow {{ image: url({arrows["right"]}); width: 14px; height: 14px; }}
QTabBar QToolButton::left-arrow:disabled, QTabBar QToolButton::right-arrow:disabled {{ image: none; }}

QTableView, QTreeView, QListView {{
    background: {t.surface}; alternate-background-color: {t.sunken}; border: 1px solid {t.border};
    border-radius: 6px; gridline-color: {t.border};
    selection-background-color: {t.accent_soft}; selection-color: {t.text};
}}
QTableView::item {{ padding: 2px 8px; border: none; }}
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected {{
    background: {t.accent_soft}; color: {t.text};
}}
QListView {{ padding: 4px 0; }}
QListView::item, QTreeView::item {{ padding: 4px 8px; border-radius: 4px; }}
QHeaderView {{ background: {t.surface}; border: none; }}
QHeaderView::section {{
    background: {t.surface}; color: {t.muted}; border: none;
    border-bottom: 1px solid {t.border_strong}; padding: 6px 11px;
}}
QHeaderView::section:vertical {{ border: none; border-right: 1px solid {t.border}; }}
QHeaderView::up-arrow {{ image: url({arrows["up"]}); width: 10px; height: 10px;
    subcontrol-position: top center; }}
QHeaderView::down-arrow {{ image: url({arrows["down"]}); width: 10px; height: 10px;
    subcontrol-position: top center; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QTableCornerButton::section {{ background: {t.surface}; border: none; }}

QProgressBar {{
    background: {t.hover}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
}}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QSlider::groove:horizontal {{ height: 4px; background: {t.border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: {t.surface};
    border: 1px solid {t.border_strong};
}}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{
    border: 2px solid {t.accent};
}}
QSlider::sub-page:horizontal:disabled {{ background: {t.border_strong}; }}
QSplitter::handle {{ background: {t.border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QSplitter[roomy="true"]::handle:vertical {{
    background: qlineargradient(x1: 0, y1: 0, x2: 0, y2: 1, stop: 0.46 transparent,
        stop: 0.47 {t.border}, stop: 0.53 {t.border}, stop: 0.54 transparent);
}}
QScrollBar:vertical {{ width: 12px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 12px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {t.border_strong}; border-radius: 3px; margin: 3px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; border: none; width: 0; height: 0;
}}

QFrame[card="true"] {{
    background: {t.surface}; border: 1px solid {t.border}; border-radius: 8px;
}}
QFrame[card="true"][sunken="true"] {{ background: {t.sunken}; }}
QFrame[line="true"] {{ background: {t.border}; border: none; }}
QFrame[notice="warning"] {{ background: {t.warning_soft}; border: none; border-radius: 6px; }}
QFrame[notice="error"] {{ background: {t.danger_soft}; border: none; border-radius: 6px; }}
QFrame[notice="info"] {{ background: {t.accent_soft}; border: none; border-radius: 6px; }}
QFrame[notice="success"] {{ background: {t.success_soft}; border: none; border-radius: 6px; }}
QFrame[notice="warning"] QLabel[role="notice"] {{ color: {t.warning}; }}
QFrame[notice="error"] QLabel[role="notice"] {{ color: {t.danger}; }}
QFrame#rail {{ background: {t.window}; border: none; border-right: 1px solid {t.border}; }}
QFrame#side {{ background: {t.surface}; border: none; border-left: 1px solid {t.border}; }}
QFrame#jobBar {{ background: {t.window}; border: none; border-top: 1px solid {t.border}; }}
QFrame#toast {{
    background: {t.surface}; border: 1px solid {t.border_strong}; border-radius: 8px;
}}
QFrame#drop {{
    background: {t.accent_soft}; border: 2px dashed {t.accent}; border-radius: 12px;
}}
"""
