using System.Collections;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Rows of the index of principals that a turn has changed; without a stamp those that are to go.</summary>
internal sealed class GrantChanges : IEnumerable<KeyValuePair<GrantKey, ServerTimestamp?>>
{
    private readonly Dictionary<GrantKey, ServerTimestamp?> rows = [];

    // In the order in which they came, so that a look-up sorts in only those that came after the last one: most turns look nothing up.
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

    /// <summary>Sets what was not set before.</summary>
    public void TryAdd(GrantKey key, ServerTimestamp? stamp)
    {
        if (rows.TryAdd(key, stamp))
        {
            keys.Add(key);
        }
    }

    public bool ContainsKey(GrantKey key) => rows.ContainsKey(key);

    /// <summary>Those of one principal; costs what there is of it, however many others there are.</summary>
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
