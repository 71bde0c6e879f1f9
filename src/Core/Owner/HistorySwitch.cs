using Lockstep.Core.History;
using Lockstep.Core.Records;

namespace Lockstep.Core.Owner;

/// <summary>
/// Whether changes are kept, by what the bucket and its collections say. That lies in the heads, as lists without rows
/// (<see cref="ListRole.HistoryOn"/>, <see cref="ListRole.HistoryOff"/>), so that no write looks for it elsewhere. What the bucket wants kept
/// is kept, whatever its collections say; else each of them has its own say, then the bucket, then the protocol.
/// </summary>
/// <param name="form">The protocol.</param>
/// <param name="draft">The turn's changes.</param>
internal sealed class HistorySwitch(IHistoryForm form, BucketDraft draft)
{
    // What is switched off by the change that is made, which is told all the same.
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

    /// <summary>Whether the change that is made is told. Asked once for each.</summary>
    public bool Tells(ObjectRef target)
    {
        var isSwitched = switchedOff == target;
        switchedOff = null;
        return isSwitched || IsOn(target);
    }

    /// <summary>A bucket or a collection is written, and counts as what it says from this change on.</summary>
    /// <param name="target">It.</param>
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
