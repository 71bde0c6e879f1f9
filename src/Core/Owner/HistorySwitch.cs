using Lockstep.Core.History;
using Lockstep.Core.Records;

namespace Lockstep.Core.Owner;

/// <summary>
/// Says whether changes are kept, as the bucket and its collections set it. The heads store the setting as lists without rows
/// (<see cref="ListRole.HistoryOn"/>, <see cref="ListRole.HistoryOff"/>), so writes need no other look-up. If the bucket turns history on,
/// it is on, whatever its collections say. Otherwise the collection decides, then the bucket, then the protocol.
/// </summary>
/// <param name="form">The protocol.</param>
/// <param name="draft">The turn's changes.</param>
internal sealed class HistorySwitch(IHistoryForm form, BucketDraft draft)
{
    // The object whose history the current change turns off. That change still gets an entry.
    private ObjectRef? switchedOff;

    /// <summary>Whether an object's changes are kept.</summary>
    public bool IsOn(ObjectRef target)
    {
        if (!form.LetsChoose)
        {
            return form.KeepsByDefault;
        }

        var bucket = Said("");
        return bucket == true || ((CollectionOf(target) is { } collection ? Said(collection) : null) ?? bucket ?? form.KeepsByDefault);
    }

    /// <summary>Whether the current change gets an entry. To be called once for each change.</summary>
    public bool Tells(ObjectRef target)
    {
        var isSwitched = switchedOff == target;
        switchedOff = null;
        return isSwitched || IsOn(target);
    }

    /// <summary>Applies the setting of a bucket or collection that is being written, from this change on.</summary>
    /// <param name="target">The bucket or collection.</param>
    /// <param name="data">Its data.</param>
    public void Say(ObjectRef target, ReadOnlyMemory<byte> data)
    {
        switchedOff = null;
        if (!form.LetsChoose)
        {
            return;
        }

        var (was, name, keeps) = (IsOn(target), CollectionOf(target) ?? "", form.Read(data).Keeps);
        Set(ListRef.HistoryOn(name), keeps == true);
        Set(ListRef.HistoryOff(name), keeps == false);
        switchedOff = was && !IsOn(target) ? target : null;
    }

    private bool? Said(string name) =>
        draft.Heads.Lists.ContainsKey(ListRef.HistoryOff(name)) ? false : draft.Heads.Lists.ContainsKey(ListRef.HistoryOn(name)) ? true : null;

    private void Set(ListRef list, bool isThere)
    {
        if (isThere)
        {
            draft.EnsureList(list);
        }
        else
        {
            draft.EndList(list);
        }
    }

    private static string? CollectionOf(ObjectRef target) => target.List.Role switch
    {
        ListRole.Records => target.List.Name,
        ListRole.Collections => target.Id,
        _ => null,
    };
}
