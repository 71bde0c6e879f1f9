namespace Lockstep.Core.Storage;

/// <summary>A condition on a row of an index on a field: parts of the row, compared together with the same number of values.</summary>
/// <param name="Parts">Any of <c>key</c>, the key of the field's value; <c>modified</c>, the record's stamp; and <c>id</c>, its id. The first one is the most significant.</param>
/// <param name="Sign">One of <c>&lt;</c>, <c>&lt;=</c>, <c>=</c>, <c>&gt;=</c>, <c>&gt;</c>.</param>
/// <param name="Values">A <c>byte[]</c> for a key, a <c>long</c> of milliseconds for a stamp, a text for an id.</param>
public sealed record IndexTerm(IReadOnlyList<string> Parts, string Sign, IReadOnlyList<object> Values)
{
    /// <summary>An alternative condition; null for none.</summary>
    public IndexTerm? Or { get; init; }

    /// <summary>The condition as a text.</summary>
    /// <param name="parameter">Takes a value, and returns its placeholder.</param>
    public string Text(Func<object, string> parameter)
    {
        var own = $"{Tuple(Parts)} {Sign} {Tuple([.. Values.Select(parameter)])}";
        return Or is null ? own : $"({own} OR {Or.Text(parameter)})";
    }

    private static string Tuple(IReadOnlyList<string> parts) => parts.Count == 1 ? parts[0] : $"({string.Join(", ", parts)})";
}
