namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>A kind of data on a phone, and what it remembers of the server's.</summary>
internal sealed class PhoneEngine(string name)
{
    private readonly SortedDictionary<string, string> records = new(StringComparer.Ordinal);
    private readonly SortedSet<string> changed = new(StringComparer.Ordinal);

    /// <summary>Of the collection.</summary>
    public string Name => name;

    /// <summary>Asks for so many records of the newest and no more; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Seconds that records live; null for ever.</summary>
    public int? Lifetime { get; init; }

    /// <summary>Global and the engine's own, of the data that it has seen last.</summary>
    public (string Global, string Engine)? SyncIds { get; private set; }

    /// <summary>The server's time up to which all is known; 0 at the first sync.</summary>
    public decimal LastSync { get; set; }

    public IReadOnlyDictionary<string, string> Records => records;

    public IReadOnlyCollection<string> Changed => changed;

    /// <summary>What the phone's user does.</summary>
    public void Set(string id, string text)
    {
        records[id] = text;
        changed.Add(id);
    }

    /// <summary>What comes from the server. What was changed here and not sent yet stays.</summary>
    public void Apply(string id, string text)
    {
        if (!changed.Contains(id))
        {
            records[id] = text;
        }
    }

    public void Uploaded(IEnumerable<string> ids) => changed.ExceptWith(ids);

    /// <summary>Begins anew where the server's data is another: all is sent, and all is read.</summary>
    public void Associate(string global, string engine)
    {
        if (SyncIds != (global, engine))
        {
            (SyncIds, LastSync) = ((global, engine), 0);
            changed.UnionWith(records.Keys);
        }
    }
}
