namespace Lockstep.Storage.Contract;

/// <summary>A list of the model, deleted ones included.</summary>
internal sealed class ModelList
{
    public bool Exists { get; set; }

    public long Stamp { get; set; }

    public long Horizon { get; set; }

    public Dictionary<string, ModelRow> Rows { get; } = new(StringComparer.Ordinal);

    public ModelRow? Live(string id) => Rows.TryGetValue(id, out var row) && row.IsLive ? row : null;

    public void Set(ModelRow row)
    {
        Rows[row.Id] = row;
        Stamp = row.Modified;
    }
}
