using System.Text;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Contract;

/// <summary>All changes of a bucket, one after the other.</summary>
public sealed class HistoryModel
{
    private readonly List<(ServerTimestamp Stamp, string Collection, string Id, string? Body)> changes = [];
    private readonly Dictionary<string, ServerTimestamp> ended = [];
    private readonly Dictionary<string, ServerTimestamp> gaps = [];
    private readonly HashSet<string> there = [];
    private readonly HashSet<string> silent = [];
    private readonly HashSet<ObjectRef> objects = [];

    public static IReadOnlyList<string> Collections { get; } = ["tasks", "notes"];

    /// <summary>What the entries say, the oldest first.</summary>
    public List<string> Told { get; } = [];

    public IEnumerable<ServerTimestamp> Stamps => changes.Select(static change => change.Stamp).SelectMany(static stamp => new[] { stamp.Plus(-1), stamp }).Distinct();

    /// <returns>Whether it has to be made.</returns>
    public bool Begin(string collection) => there.Add(collection);

    public void End(string collection) => there.Remove(collection);

    public void Add(Operation operation, Outcome outcome)
    {
        switch (operation, outcome)
        {
            case (PutRecord put, RecordWritten written):
                var (body, isSwitched) = (Encoding.UTF8.GetString(put.Body!.Value.Span), false);
                if (put.Target.List.Role == ListRole.Collections)
                {
                    // The change that silences it is told, and so is the one that ends that.
                    isSwitched = body.Contains("\"keep\":false", StringComparison.Ordinal) && silent.Add(put.Target.Id);
                    _ = body.Contains("\"keep\":false", StringComparison.Ordinal) || silent.Remove(put.Target.Id);
                }

                Tell(put.Target, written.Record.Modified, objects.Add(put.Target) ? "Create" : "Update", isSwitched);
                Change(put.Target, written.Record.Modified, body);
                break;
            case (DeleteRecord delete, RecordDeleted deleted):
                Delete(delete.Target, deleted.Tombstone.Modified);
                break;
            case (DeleteRecords delete, RecordsDeleted deleted):
                foreach (var tombstone in deleted.Tombstones)
                {
                    Delete(new ObjectRef(delete.List, tombstone.Id), tombstone.Modified);
                }

                break;
            case (DeleteRecord, Missing):
                break;
            default:
                throw new InvalidOperationException($"{operation} was answered with {outcome}.");
        }
    }

    /// <summary>A collection as it was, in the order of ids.</summary>
    public string AsOf(string collection, ServerTimestamp at)
    {
        if ((ended.TryGetValue(collection, out var end) && at < end) || (gaps.TryGetValue(collection, out var gap) && at < gap))
        {
            return "before the horizon";
        }

        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var change in changes.Where(change => change.Collection == collection && change.Stamp <= at && change.Stamp > end))
        {
            if (change.Body is null)
            {
                state.Remove(change.Id);
            }
            else
            {
                state[change.Id] = change.Body;
            }
        }

        return string.Join(' ', state.Select(static record => $"{record.Key}={record.Value}"));
    }

    private void Delete(ObjectRef target, ServerTimestamp stamp)
    {
        objects.Remove(target);
        Tell(target, stamp, "Delete");
        if (target.List.Role == ListRole.Collections)
        {
            ended[target.Id] = stamp;
            silent.Remove(target.Id);
            objects.RemoveWhere(known => known.List == ListRef.RecordsOf(target.Id));
        }

        Change(target, stamp, body: null);
    }

    private void Change(ObjectRef target, ServerTimestamp stamp, string? body)
    {
        if (target.List.Role == ListRole.Records)
        {
            changes.Add((stamp, target.List.Name, target.Id, body));
            if (silent.Contains(target.List.Name))
            {
                gaps[target.List.Name] = stamp;
            }
        }
    }

    private void Tell(ObjectRef target, ServerTimestamp stamp, string action, bool isSwitched = false)
    {
        if (isSwitched || !silent.Contains(target.List.Role == ListRole.Records ? target.List.Name : target.Id))
        {
            Told.Add($"{stamp} {action} {target.List.Role} {target.List.Name} {target.Id} by account:alice");
        }
    }
}
