using System.Text.Json;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>A schema or one within it: all of its keywords hold, or it is a reference to another.</summary>
internal sealed class SchemaNode
{
    /// <summary>What it refers to, in place of all keywords beside it, as draft 7 has it.</summary>
    public SchemaNode? Target { get; set; }

    /// <summary>In the order in which they are asked.</summary>
    public IReadOnlyList<SchemaKeyword> Keywords { get; set; } = [];

    /// <summary>The schema <c>false</c>, by which nothing is valid.</summary>
    public bool IsNever { get; init; }

    /// <param name="value">What is judged.</param>
    /// <param name="run">The judgement; has the fault afterwards, where there is one.</param>
    public bool Holds(JsonElement value, SchemaRun run)
    {
        if (!run.Work.TryEnter())
        {
            return false;
        }

        // What throws ends the whole judgement, and has no use for how deep it was.
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
