using System.Collections;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>The turn's changes to the index of principals. A row without a stamp is to be deleted.</summary>
internal sealed class GrantChanges : IEnumerable<KeyValuePair<GrantKey, ServerTimestamp?>>
{
    private readonly Dictionary<GrantKey, ServerTimestamp?> rows = [];

    // In the order of arrival. A look-up sorts in only those that arrived after the last look-up, and most turns look nothing up.
    private readonly List<GrantKey> keys = [];
    private readonly Dictionary<(GrantRelation Relation, string Principal), List<GrantKey>> sorted = [];
    private int known;

    public int Count => rows.Count;

    public ServerTimestamp? this[GrantKey key]
    {
        set
        {
            if (!rows.TryAdd(key, value))
            {
                rows[key] = value;
                return;
            }

            keys.Add(key);
        }
    }

    /// <summary>Sets a row that was not set before.</summary>
    public void TryAdd(GrantKey key, ServerTimestamp? stamp)
    {
        if (rows.TryAdd(key, stamp))
        {
            keys.Add(key);
        }
    }

    public bool ContainsKey(GrantKey key) => rows.ContainsKey(key);

    /// <summary>The rows of one principal. The cost depends only on their number.</summary>
    public IEnumerable<KeyValuePair<GrantKey, ServerTimestamp?>> Of(GrantRelation relation, string principal)
    {
        for (; known < keys.Count; known++)
        {
            var key = keys[known];
            if (!sorted.TryGetValue((key.Relation, key.Principal), out var of))
            {
                sorted[(key.Relation, key.Principal)] = of = [];
            }

            of.Add(key);
        }

        return sorted.TryGetValue((relation, principal), out var found) ? found.Select(key => KeyValuePair.Create(key, rows[key])) : [];
    }

    public IEnumerator<KeyValuePair<GrantKey, ServerTimestamp?>> GetEnumerator() => rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
