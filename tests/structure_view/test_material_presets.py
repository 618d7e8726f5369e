"""Materials in the recipe form: presets, their sources, and the user's own."""


def test_that_assumed_sizes_are_said_and_own_presets_are_kept(qtbot, page, model, said):
    from hybridgui.structure.recipe_form import RecipeForm

    form, presets = page.form, page.form.presets
    choice = form.field("material")
    choice.show_value("LFP")
    choice.edited.emit("LFP")
    assert "Particle sizes: assumed" in presets.note.text()
    assert "10.1149/1.1837571" in choice.toolTip()
    assert not presets.save_button.isVisibleTo(form)
    form.options.edited.emit("d50", 1.4)
    assert choice.current == "own" and presets.save_button.isVisibleTo(form)
    form.field("am_density").setValue(3.5)
    presets.save("Our  LFP")
    assert choice.current == "Our LFP" == model.parameter("structure/material")
    assert presets.remove_button.isVisibleTo(form) and presets.note.text() == ""
    presets.save("lfp")
    assert "the name of a preset" in said[-1][1]
    choice.edited.emit("NMC111")
    assert form._value("am_density") == 4.65
    again = RecipeForm(model)
    qtbot.addWidget(again)
    again.field("material").edited.emit("Our LFP")
    assert form._value("am_density") == 3.5 and form._options()["d50"] == 1.4
    again.presets.remove()
    assert again.field("material").current == "own" and form._value("am_density") == 3.5
    assert RecipeForm(model).field("material").findData("Our LFP") == -1


def test_that_a_damaged_file_of_own_materials_is_said(page, model, said):
    from hybridgui.settings import materials_file
    from hybridgui.structure.recipe_form import RecipeForm

    for text in ("{", '[{"name": "a"}]', "[1]", '[{"name":"a","density":NaN,'
                 '"specific_capacity":1,"size_options":{}}]', "[" * 100_000):  # fmt: skip
        materials_file().write_text(text)
        RecipeForm(model).deleteLater()
        assert "mend or delete" in said[-1][1]
    assert len(said) == 5
