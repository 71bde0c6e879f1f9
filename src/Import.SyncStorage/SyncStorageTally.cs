namespace Lockstep.Import.SyncStorage;

/// <summary>What has become of users and records so far. Each of those that there are is counted in one place.</summary>
public sealed class SyncStorageTally
{
    private readonly List<string> notes = [];

    /// <summary>All rows of users that there are.</summary>
    public long Users { get; internal set; }

    public long UsersImported { get; internal set; }

    /// <summary>Those who have, or had, a storage here, by an earlier run or otherwise: nothing of them was touched.</summary>
    public long UsersHere { get; internal set; }

    /// <summary>Rows that others took the place of, of users who were removed, and of users on other nodes.</summary>
    public long UsersLeft { get; internal set; }

    /// <summary>All that are there.</summary>
    public long Records { get; internal set; }

    public long RecordsImported { get; internal set; }

    public long RecordsExpired { get; internal set; }

    /// <summary>With names that cannot be here; notes say whose.</summary>
    public long RecordsRefused { get; internal set; }

    /// <summary>Of users who were here, were left, or are not there.</summary>
    public long RecordsOfOthers { get; internal set; }

    /// <summary>A line for each user with whom not all went well.</summary>
    public IReadOnlyList<string> Notes => notes;

    public bool IsWhole => RecordsRefused == 0;

    /// <summary>Whether users and records that there are have all been counted.</summary>
    public bool IsEven => Users == UsersImported + UsersHere + UsersLeft && Records == RecordsImported + RecordsExpired + RecordsRefused + RecordsOfOthers;

    internal void Note(string line) => notes.Add(line);
}
