namespace Lockstep.Import.SyncStorage;

/// <summary>How many users and records the import has dealt with so far, and how. Each one is counted exactly once.</summary>
public sealed class SyncStorageTally
{
    private readonly List<string> notes = [];

    /// <summary>All rows of users.</summary>
    public long Users { get; internal set; }

    public long UsersImported { get; internal set; }

    /// <summary>Users who have, or had, a storage here, from an earlier run or otherwise. Nothing of them was touched.</summary>
    public long UsersHere { get; internal set; }

    /// <summary>Rows that were replaced by others, rows of removed users, and users on other nodes.</summary>
    public long UsersLeft { get; internal set; }

    /// <summary>All records there.</summary>
    public long Records { get; internal set; }

    public long RecordsImported { get; internal set; }

    public long RecordsExpired { get; internal set; }

    /// <summary>Records with names that are not possible here. Notes say whose.</summary>
    public long RecordsRefused { get; internal set; }

    /// <summary>Records of users who were here before, who were left out, or who do not exist.</summary>
    public long RecordsOfOthers { get; internal set; }

    /// <summary>A line for each user with a problem.</summary>
    public IReadOnlyList<string> Notes => notes;

    public bool IsWhole => RecordsRefused == 0;

    /// <summary>Whether all users and records have been counted.</summary>
    public bool IsEven => Users == UsersImported + UsersHere + UsersLeft && Records == RecordsImported + RecordsExpired + RecordsRefused + RecordsOfOthers;

    internal void Note(string line) => notes.Add(line);
}
