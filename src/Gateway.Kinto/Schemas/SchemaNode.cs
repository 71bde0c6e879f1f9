using System.Text.Json;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>A schema or a part of one: either all of its keywords must hold, or it refers to another schema.</summary>
internal sealed class SchemaNode
{
    /// <summary>The schema that it refers to. It replaces all keywords beside it, as in draft 7.</summary>
    public SchemaNode? Target { get; set; }

    /// <summary>In the order in which they are checked.</summary>
    public IReadOnlyList<SchemaKeyword> Keywords { get; set; } = [];

    /// <summary>The schema <c>false</c>, which accepts nothing.</summary>
    public bool IsNever { get; init; }

    /// <param name="value">The value to judge.</param>
    /// <param name="run">The judgement. It has the fault afterwards, if there is one.</param>
    public bool Holds(JsonElement value, SchemaRun run)
    {
        if (!run.Work.TryEnter())
        {
            return false;
        }

        // An exception ends the whole judgement, so its depth no longer matters.
        var holds = Target is { } target ? target.Holds(value, run) : IsNever ? run.Fail(null, () => $"False schema does not allow {SchemaRun.Show(value)}") : HasAll(value, run);
        run.Work.Leave();
        return holds;
    }

    private bool HasAll(JsonElement value, SchemaRun run)
    {
        foreach (var keyword in Keywords)
        {
            run.Work.Spend();
            if (!keyword.Holds(value, run) || run.Work.IsDeep)
            {
                return false;
            }
        }

        return true;
    }
}
