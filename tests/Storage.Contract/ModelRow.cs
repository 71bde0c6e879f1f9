namespace Lockstep.Storage.Contract;

/// <summary>A record of the model; null fields: a tombstone.</summary>
internal sealed record ModelRow(string Id, long Modified, SortedDictionary<string, long>? Fields)
{
    /// <summary>Of the body as the tests write it: names and values of one character.</summary>
    public int Bytes => Fields is null ? 0 : Fields.Count == 0 ? 2 : 1 + (6 * Fields.Count);

    public bool IsLive => Fields is not null;

    public override string ToString() =>
        $"{Id}@{Modified}{(Fields is null ? " gone" : " " + string.Join(' ', Fields.Select(field => $"{field.Key}={field.Value}")))}";
}
