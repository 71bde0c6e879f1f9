namespace Lockstep.Storage.Contract;

/// <summary>A record of the model; null fields: a tombstone.</summary>
internal sealed record ModelRow(string Id, long Modified, SortedDictionary<string, long>? Fields)
{
    public bool IsLive => Fields is not null;

    public override string ToString() =>
        $"{Id}@{Modified}{(Fields is null ? " gone" : " " + string.Join(' ', Fields.Select(field => $"{field.Key}={field.Value}")))}";
}
